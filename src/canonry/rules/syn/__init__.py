"""Files that do not parse, and files whose tests are gone."""
