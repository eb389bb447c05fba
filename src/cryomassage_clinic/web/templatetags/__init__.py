"""Tags and filters of all templates."""
