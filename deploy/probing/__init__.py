"""A client of a deployment, which sees it from outside and leans on nothing of what it looks at."""
