"""Files that do not parse, and files whose tests were commented out: what is wrong, and what is proposed."""
