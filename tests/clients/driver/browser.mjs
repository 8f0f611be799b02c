// A browser without JavaScript: it keeps cookies, follows redirects, and sends forms as a person would fill them.

const REDIRECTS_MAX = 10;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

const decode = (text) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(parseInt(decimal, 10));
    return ENTITIES[name] ?? whole;
  });

const attributes = (text) => {
  const found = {};
  for (const [, name, double, single, bare] of text.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g))
    found[name.toLowerCase()] = decode(double ?? single ?? bare ?? "");
  return found;
};

const withoutTags = (html) => decode(html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")).trim();

const fieldsOf = (html) => {
  const fields = [...html.matchAll(/<input\b([^>]*)>/gi)].map(([, text]) => attributes(text));
  for (const [, text, inner] of html.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gis)) {
    const options = [...inner.matchAll(/<option\b([^>]*)>/gi)].map(([, option]) => attributes(option));
    const chosen = options.find((option) => "selected" in option) ?? options[0];
    fields.push({ ...attributes(text), type: "select", value: chosen?.value ?? "" });
  }
  for (const [, text, inner] of html.matchAll(/<textarea\b([^>]*)>(.*?)<\/textarea>/gis))
    fields.push({ ...attributes(text), type: "textarea", value: decode(inner) });
  return fields;
};

/** A form as it stands in a page. */
export class Form {
  constructor(text, inner) {
    const { action = "", method = "get" } = attributes(text);
    this.action = action;
    this.method = method.toUpperCase();
    this.fields = fieldsOf(inner);
    this.buttons = [...inner.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gis)].map(([, button, label]) => ({
      ...attributes(button),
      label: withoutTags(label),
    }));
  }

  /** The name of the field that a browser would fill for this purpose (the word of `autocomplete`). */
  named(purpose) {
    return this.fields.find((field) => (field.autocomplete ?? "").split(" ").includes(purpose))?.name;
  }

  /** What a browser would send: what stands there, with `values` typed over it and one button pressed. */
  filled(values, button) {
    const sent = new URLSearchParams();
    for (const { name, type = "text", value = type === "checkbox" ? "on" : "", ...rest } of this.fields) {
      if (!name || type === "submit" || name in values) continue;
      if (["checkbox", "radio"].includes(type) && !("checked" in rest)) continue;
      sent.append(name, value);
    }
    for (const [name, value] of Object.entries(values)) {
      if (!this.fields.some((field) => field.name === name)) throw new Error(`The form has no field ${name}`);
      sent.append(name, value);
    }
    if (button?.name) sent.append(button.name, button.value ?? "");
    return sent;
  }
}

/** A page that was answered. */
export class Page {
  constructor(url, response, html) {
    this.url = url;
    this.status = response.status;
    this.headers = response.headers;
    this.html = html;
    this.forms = [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, text, inner]) => new Form(text, inner));
  }

  get text() {
    return withoutTags(this.html.replace(/<(script|style)\b.*?<\/\1>/gis, ""));
  }

  /** The form that has a field for this purpose, or a button of this name and value. */
  form(match) {
    return this.forms.find(match);
  }
}

/** Where a redirect leads when it leaves the server: to an application. */
export class Away {
  constructor(url, status) {
    this.url = url;
    this.status = status;
  }
}

export class Browser {
  constructor(origin, language = "en") {
    this.origin = origin;
    this.language = language;
    this.cookies = new Map();
    this.visited = [];
  }

  async open(url) {
    return this.#follow(new URL(url, this.origin), { method: "GET" });
  }

  /** Send a form of a page, pressing `button` (one of `form.buttons`); `headers` say where the page came from. */
  async send(page, form, values = {}, button = form.buttons[0], headers = this.fromHere) {
    const url = new URL(button?.formaction || form.action || page.url, page.url);
    const body = form.filled(values, button);
    if (form.method === "GET") {
      url.search = body.toString();
      return this.#follow(url, { method: "GET" });
    }
    return this.#follow(url, { method: form.method, body, headers });
  }

  /** What a browser says of a form that stood on a page of this server. */
  get fromHere() {
    return { origin: this.origin, "sec-fetch-site": "same-origin" };
  }

  async #follow(url, request) {
    for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
      if (url.origin !== this.origin) throw new Error(`A page of the server leads to ${url.origin}`);
      const response = await fetch(url, { ...request, redirect: "manual", headers: this.#headers(request) });
      this.#keep(response.headers.getSetCookie());
      this.visited.push({ method: request.method, path: url.pathname, status: response.status });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null)
        return new Page(url, response, await response.text());
      await response.arrayBuffer();
      if (response.status !== 303) throw new Error(`${url.pathname} redirects with ${response.status}, not 303`);
      const next = new URL(location, url);
      if (next.origin !== this.origin || next.pathname.startsWith("/callback")) return new Away(next, response.status);
      [url, request] = [next, { method: "GET" }];
    }
    throw new Error(`More than ${REDIRECTS_MAX} redirects: ${JSON.stringify(this.visited)}`);
  }

  #headers(request) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return { accept: "text/html", "accept-language": this.language, ...(cookie && { cookie }), ...request.headers };
  }

  #keep(lines) {
    for (const line of lines) {
      const [pair, ...rest] = line.split(";").map((part) => part.trim());
      const split = pair.indexOf("=");
      const [name, value] = [pair.slice(0, split), pair.slice(split + 1)];
      const gone = rest.some((part) => /^max-age=0$/i.test(part));
      if (!rest.some((part) => /^httponly$/i.test(part))) throw new Error(`Scripts can read the cookie ${name}`);
      if (gone) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
