"""Courses of sessions: prescriptions, plans, approvals."""
