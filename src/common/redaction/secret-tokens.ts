/**
 * Keys and tokens that are known by their form: JSON Web Tokens, and keys with the prefix of their issuer (AWS, Google,
 * GitHub, GitLab, Slack, Stripe, OpenAI and Anthropic, SendGrid, npm, PyPI, Vault, DigitalOcean, Shopify). Each alternative
 * has a fixed beginning and one run of characters, so that no text takes more than linear time.
 */
const TOKENS = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    // API keys of this service.
    'fc_[\\w-]{40,}',
    '(?:AKIA|ASIA)[A-Z0-9]{16}',
    'AIza[\\w-]{30,}',
    'gh[pousr]_[A-Za-z0-9]{20,}',
    'github_pat_\\w{20,}',
    'glpat-[\\w-]{16,}',
    'xox[abeprs]-[\\w-]{10,}',
    'xapp-[\\w-]{10,}',
    '[sr]k_(?:live|test)_[A-Za-z0-9]{10,}',
    'whsec_[\\w+/=]{16,}',
    'sk-[\\w-]{20,}',
    'SG\\.[\\w.-]{20,}',
    'npm_[A-Za-z0-9]{30,}',
    'pypi-[\\w-]{30,}',
    'hv[bs]\\.[\\w-]{20,}',
    'dop_v1_[a-f0-9]{32,}',
    'shp(?:at|ss|ca|pa)_[A-Za-z0-9]{20,}',
  ].join('|')})`,
  'g',
);

/** Texts of which a key or token has one: a quick look for these saves the search for {@link TOKENS} in most texts. */
export const TOKEN_MARKS: readonly string[] = [
  ...[
    'eyJ',
    'fc_',
    'AKIA',
    'ASIA',
    'AIza',
    'github_pat_',
    'glpat-',
    'xapp-',
    'whsec_',
    'sk-',
    'SG.',
    'npm_',
    'pypi-',
  ],
  ...['hvs.', 'hvb.', 'dop_v1_', 'shpat_', 'shpss_', 'shpca_', 'shppa_'],
  ...Array.from('pousr', (kind) => `gh${kind}_`),
  ...Array.from('abeprs', (kind) => `xox${kind}-`),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
];

/** A run of the characters of a JSON Web Token; whether it is one is decided afterwards. */
const JWT_RUN = /(?<![\w.-])ey[\w-]{6,}[\w.-]*/g;

/** Header, payload and signature, each in base64url; the signature may be empty or cut off. */
const JWT_FORM = /^ey[\w-]+\.[\w-]{2,}(?:\.|$)/;

/** Replaces keys and tokens that are known by their form. */
export function maskTokens(text: string, mask: string): string {
  const shown = text.replace(TOKENS, mask);
  return shown.includes('ey') ? shown.replace(JWT_RUN, (run) => (JWT_FORM.test(run) ? mask : run)) : shown;
}

/** Authorization schemes whose credentials are one word (RFC 7617, RFC 6750, RFC 9449, RFC 4559). */
const SCHEMES = /\b(Bearer|Basic|DPoP|Negotiate)([ \t]{1,4})([\w.~+/=:-]{3,})/gi;

/** Words that follow the name of a scheme in a sentence or a challenge. */
const PROSE =
  /^(?:auth\w*|tokens?|schemes?|credentials?|realm=.*|error=.*|scope=.*|charset=.*|headers?|formats?)$/i;

/** Masks the credentials after the name of an authorization scheme. */
export function maskSchemes(text: string, mask: string): string {
  return text.replace(SCHEMES, (found, scheme: string, space: string, credentials: string) => {
    const isProse = /^bearer$/i.test(scheme) ? PROSE.test(credentials) : !isEncoded(credentials);
    return isProse || credentials === mask ? found : `${scheme}${space}${mask}`;
  });
}

/** True for base64; a word of a sentence has no digit, no sign and no capital letter inside. */
function isEncoded(word: string): boolean {
  return word.length >= 6 && /[\d+/=]|.[A-Z]/.test(word);
}

const BLOCK_BEGIN = '-----BEGIN ';
const BLOCK_END = '-----END ';

/** Masks the content of PEM blocks (RFC 7468); a block without an end reaches to the end of the text. */
export function maskBlocks(text: string, mask: string): string {
  let shown = '';
  let done = 0;
  for (let at = text.indexOf(BLOCK_BEGIN); at !== -1; at = text.indexOf(BLOCK_BEGIN, done)) {
    const label = /[^-]{0,64}-----/y;
    label.lastIndex = at + BLOCK_BEGIN.length;
    const begin = label.test(text) ? label.lastIndex : at + BLOCK_BEGIN.length;
    const end = text.indexOf(BLOCK_END, begin);
    shown += text.slice(done, begin) + mask;
    done = end === -1 ? text.length : end;
    if (end === -1) break;
  }
  return done === 0 ? text : shown + text.slice(done);
}
