"""What is live: connections, the events of runs, and the messages that start them."""
