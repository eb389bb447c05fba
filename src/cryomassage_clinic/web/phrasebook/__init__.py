"""The texts of the core in other languages: one folder of JSON files for each language, and what reads them."""
