"""Building blocks of dashboards: pages, panels, rows, SQL, alert rules and how they look."""
