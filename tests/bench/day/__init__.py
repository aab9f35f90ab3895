"""A day in the life of a hundred users, by virtual clock: what it costs in calls, and how fresh they are kept."""
