"""Who somebody is: accounts and sessions, access tokens, tickets of one use."""
