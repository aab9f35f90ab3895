"""Many streams and a steady flow of events, to see what a deployment carries."""
