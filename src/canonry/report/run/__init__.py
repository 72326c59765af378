"""How a run is shown: one file per format. A format takes events one by one and is finished once."""
