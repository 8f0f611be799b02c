from tests.auth.oauth.world import World


async def test_a_person_allows_and_the_application_gets_tokens(world: World) -> None:
    app = await world.app()

    tokens = await world.tokens(app)

    assert tokens["token_type"] == "Bearer"
