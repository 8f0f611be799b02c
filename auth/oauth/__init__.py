"""The authorization server: OAuth 2.1 and OpenID Connect on Authlib's protocol, with tokens by joserfc."""
