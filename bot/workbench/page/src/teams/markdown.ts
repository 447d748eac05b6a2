// The Markdown that Teams knows in cards and messages, and nothing more: HTML stays text.
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const LINK = /^(https?:|mailto:|tel:|msteams:)/i;
const ALLOWED = { ALLOWED_TAGS: ["p", "strong", "em", "ul", "ol", "li", "a", "br", "code", "pre"], ALLOWED_ATTR: ["href", "start"] };
const OPEN = "\uE000";
const CLOSE = "\uE001";

const card = new MarkdownIt("zero", { html: false, linkify: true, breaks: true }).enable(["emphasis", "link", "list", "newline", "escape", "entity"]);
const chat = new MarkdownIt("zero", { html: false, linkify: true, breaks: true }).enable(["emphasis", "link", "list", "newline", "escape", "entity", "backticks", "fence"]);
card.validateLink = chat.validateLink = (url) => LINK.test(url.trim());

export function cardHtml(text: string): string {
  return clean(card.render(text));
}

/** A message: <at>…</at> becomes a mention, every other tag stays text. */
export function chatHtml(text: string): string {
  const bare = text.replace(/[\uE000\uE001]/g, "").replace(/<at[^>]*>(.*?)<\/at>/gi, (_, name: string) => `${OPEN}${name}${CLOSE}`);
  const html = clean(chat.render(bare));
  return html.replaceAll(OPEN, '<span class="mention">').replaceAll(CLOSE, "</span>");
}

function clean(html: string): string {
  return DOMPurify.sanitize(html, ALLOWED);
}
