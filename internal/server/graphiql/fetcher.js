// How GraphiQL asks: queries and mutations by POST, subscriptions as server-sent events, which the headers that are typed in go with, as the cookie does.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-sse';

const url = '/graphql';
const ask = createGraphiQLFetcher({ url });

export function fetcher(request, options = {}) {
  const document = options.documentAST ?? parse(request.query);
  if (getOperationAST(document, request.operationName)?.operation !== 'subscription') return ask(request, options);
  return { subscribe: observer => ({ unsubscribe: follow(request, options.headers, observer) }) };
}

// follow tells what comes until it is told to stop; a connection that is lost is made anew. What the server refuses it says in JSON, as everywhere.
function follow(request, headers, observer) {
  const client = createClient({ url, headers, retryAttempts: 5 });
  const stop = client.subscribe(request, {
    next: event => observer.next(event),
    complete: () => observer.complete(),
    error: async error => {
      const refusal = await error.response?.json().catch(() => null);
      if (!refusal) return observer.error(error);
      observer.next(refusal);
      observer.complete();
    },
  });
  return () => {
    stop();
    client.dispose();
  };
}
