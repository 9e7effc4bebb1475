// Package identity is the acts upon accounts: signing in and out, passwords, sessions, API tokens, grants
// of roles, the inbox; and it makes the viewer of a request from a bearer token.
package identity
