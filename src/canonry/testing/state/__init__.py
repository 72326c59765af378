"""State that outlives a test: what it is now, how it differs from before, and the way back."""

from canonry.testing.state.leak import Leak as Leak
from canonry.testing.state.moment import Snapshot as Snapshot
from canonry.testing.state.moment import differences as differences
from canonry.testing.state.moment import is_unchanged as is_unchanged
from canonry.testing.state.moment import register as register
from canonry.testing.state.moment import restore as restore
from canonry.testing.state.moment import snapshot as snapshot
