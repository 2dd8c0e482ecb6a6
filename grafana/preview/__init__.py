"""Pictures of the dashboards: a made-up past to draw, and the drawer."""
