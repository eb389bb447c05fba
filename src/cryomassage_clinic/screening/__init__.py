"""The questionnaire of the core, its answers and its verdict."""
