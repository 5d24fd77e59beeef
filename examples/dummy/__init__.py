"""The hello-world: a table fed with a delay, seen live in Grafana."""
