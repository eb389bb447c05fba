"""Tags of the chart."""
