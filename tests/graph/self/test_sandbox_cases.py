"""The cases of a trial are told by the graph, as they are decided."""

from rules.decisions import trial_decision
from tests.graph.self.world import LPK, Asked


async def test_the_graph_tells_the_cases_that_are_decided(graph: Asked) -> None:
    cases = (await graph.ok(LPK, "{ sandboxCases { ownCode decision reasons } }"))["sandboxCases"]

    assert cases
    for case in cases:
        decided = trial_decision(case["ownCode"] + "-7")
        assert decided is not None
        assert (decided[0].value, [reason.value for reason in decided[1]]) == (case["decision"], case["reasons"])
