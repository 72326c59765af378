"""Virtual users: many at once, each event judged by the contract, nobody sees what is another's."""
