"""Solvers that this package is measured against, each as its own documentation recommends."""
