"""`canonry gate prove` and `canonry gate proofs`."""

import click


@click.command("prove")
def prove() -> int:
    """x"""
    return 0


@click.command("proofs")
def proofs() -> int:
    """x"""
    return 0
