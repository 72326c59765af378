"""The one runner: select, plan, execute, watch. It never imports test code itself."""
