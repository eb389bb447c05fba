"""What to do: screening, prescription, virtual skins, dose, room, course, and the plan made of them."""
