"""The addresses of the pages for people."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from auth.pages import account, code, links, sign_in, sign_out
from auth.pages import second_factor as factor
from auth.pages.desk import (
    Desk,
    Endpoint,
    by_method,
    for_flow,
    for_signed_in,
    form_of_flow,
    form_of_signed_in,
    sent,
    shown,
)
from auth.pages.device import DevicePages, DeviceRequests
from auth.pages.rendering import STYLE, STYLE_PATH


def people_routes(desk: Desk, devices: DeviceRequests | None = None) -> list[BaseRoute]:
    """Return the routes; those for devices if somebody knows them, the one for people of the demo if there are any."""
    routes: list[BaseRoute] = [
        Route(STYLE_PATH, _style),
        _both("/sign-in", shown(desk, sign_in.sign_in_page), sent(desk, sign_in.sign_in)),
        _both(
            "/sign-in/code",
            shown(desk, for_flow(code.awaiting_code, code.code_page)),
            sent(desk, form_of_flow(code.awaiting_code, code.take_code)),
        ),
        _form("/sign-in/code/again", sent(desk, form_of_flow(code.awaiting_code, code.send_again))),
        Route("/sign-in/factor", shown(desk, for_flow(factor.awaiting_factor, factor.factor_page))),
        _form(
            "/sign-in/authenticator", sent(desk, form_of_flow(factor.awaiting_factor, factor.take_authenticator_code))
        ),
        _form("/sign-in/passkey", sent(desk, form_of_flow(factor.awaiting_factor, factor.take_passkey))),
        _both(
            "/sign-in/enrol",
            shown(desk, for_flow(factor.enrolling, factor.enrol_page)),
            sent(desk, form_of_flow(factor.enrolling, factor.enrol)),
        ),
        _both("/sign-in/link", shown(desk, links.link_page), sent(desk, links.ask_for_link)),
        _both("/sign-in/password", shown(desk, links.password_page), sent(desk, links.set_password)),
        _both("/sign-out", shown(desk, for_signed_in(sign_out.sign_out_page)), sent(desk, sign_out.sign_out)),
        Route("/signed-out", shown(desk, sign_out.signed_out_page)),
        Route("/account", shown(desk, for_signed_in(account.account_page))),
        _form("/account/sessions/end", sent(desk, form_of_signed_in(account.end_session))),
        _form("/account/consents/withdraw", sent(desk, form_of_signed_in(account.withdraw))),
        _form("/account/factors/remove", sent(desk, form_of_signed_in(account.remove))),
        _form("/account/language", sent(desk, form_of_signed_in(account.choose_language))),
        _both(
            "/account/authenticator",
            shown(desk, for_signed_in(account.authenticator_page)),
            sent(desk, form_of_signed_in(account.add_authenticator)),
        ),
        _both(
            "/account/passkeys",
            shown(desk, for_signed_in(account.passkey_page)),
            sent(desk, form_of_signed_in(account.take_new_passkey)),
        ),
    ]
    if desk.personas:
        routes.append(_form("/sign-in/demo", sent(desk, sign_in.sign_in_persona)))
    if devices is not None:
        pages = DevicePages(devices)
        routes += [
            _both("/device", shown(desk, for_signed_in(pages.page)), sent(desk, form_of_signed_in(pages.take_code))),
            _form("/device/decision", sent(desk, form_of_signed_in(pages.decide))),
        ]
    return routes


def _both(path: str, get: Endpoint, post: Endpoint) -> Route:
    return Route(path, by_method(get=get, post=post), methods=["GET", "POST"])


def _form(path: str, post: Endpoint) -> Route:
    return Route(path, post, methods=["POST"])


async def _style(_request: Request) -> Response:
    return Response(
        STYLE,
        headers={"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"},
        media_type="text/css",
    )
