"""What the service costs, and what it does when all come at once or something breaks."""
