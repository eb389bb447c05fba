"""Cryomassage: plans cold massage of the skin from physics and physiology."""

__version__ = "0.1.0"
