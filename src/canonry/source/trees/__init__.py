"""Where contents come from: working tree, index, commit or plain folder; git; copies of live code; history."""
