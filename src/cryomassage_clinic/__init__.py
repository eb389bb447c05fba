"""The clinic in a browser: clients, screening, consent, chart, plan, course and calendar around the core."""
