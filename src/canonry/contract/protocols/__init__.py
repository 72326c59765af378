"""The contracts that ship with canonry, one YAML file each."""
