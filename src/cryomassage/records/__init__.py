"""Frozen values passed between the stages: client, screening, prescription, plan, room, scenario, history."""
