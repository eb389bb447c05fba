"""What all pages share: the shell, drafts, errors, today's page."""
