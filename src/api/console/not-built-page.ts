/** What `/console/` shows while the console is not built. */
export const NOT_BUILT_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Signalbox</title>
<h1>The console is not built</h1>
<p>The server runs, and its API works. To build the console, run these commands in the folder of Signalbox, then reload
this page. The server does not have to be restarted.</p>
<pre>npm ci
npm run build -w console</pre>
<p><code>npm ci --omit=dev</code> and <code>npm ci --ignore-scripts</code> do not build it.</p>
<p>The API's reference is at <a href="/docs">/docs</a>.</p>
</html>
`;
