// Starts the page: loads the WebAssembly module that Trunk named in <meta name="playground-files">.
// A file of its own because the content security policy allows no inline script.

const parameters = new URLSearchParams(location.search);

// The embedded layout may not open connections to other hosts. A second policy can only narrow the first.
if (parameters.get("embed") === "1") {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'self'";
  document.head.append(policy);
}

try {
  const files = document.querySelector('meta[name="playground-files"]').dataset;
  const { default: init } = await import(new URL(files.js, document.baseURI).href);
  await init({ module_or_path: new URL(files.wasm, document.baseURI) });
  document.documentElement.dataset.started = "true";
} catch (error) {
  document.getElementById("loading")?.remove();
  document.getElementById("failed-reason").textContent = String(error);
  document.getElementById("failed").hidden = false;
  throw error;
}
