"""The language of contracts: its types, how YAML becomes them, and what contradicts itself."""
