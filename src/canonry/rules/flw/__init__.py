"""Tests of flows that do not prove what the flow promises."""
