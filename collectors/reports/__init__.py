"""What people read: Evidently's reports, explanations, a notebook's data."""
