/** Names of secrets, in lower case without separators; a plural and digits at the end match as well. */
export const DEFAULT_SECRET_NAMES: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'pass',
  'pwd',
  'secret',
  'token',
  'authorization',
  'auth',
  'bearer',
  'jwt',
  'cookie',
  'sessionid',
  'sessionkey',
  'jsessionid',
  'phpsessid',
  'apikey',
  'accesskey',
  'privatekey',
  'secretkey',
  'signingkey',
  'encryptionkey',
  'sharedaccesskey',
  'accountkey',
  'credential',
  'cred',
  'connectionstring',
  'pin',
  'otp',
  'totp',
  'ssn',
  'socialsecuritynumber',
  'iban',
  'cvv',
  'cvc',
  'creditcard',
  'cardnumber',
];

/**
 * Last words of names that describe a secret without being one: `tokenCount`, `password_policy`, `cookiesAccepted`. Any
 * other word after the name of a secret leaves it secret: `passwordHash`, `pinCode`.
 */
const FACTS: ReadonlySet<string> = new Set(
  (
    'accepted age alg algorithm allowed at attempts audience budget changed count counts created date days ' +
    'disabled enabled endpoint expiration expired expires expiry file format host in invalid issued issuer kind ' +
    'length level limit max method min minutes mode name names ok on path policy port present provider realm required ' +
    'retries rotation scheme scope scopes seconds size state status strength supported time timeout ttl type types ' +
    'updated uri url usage used user username valid verified version ms'
  ).split(' '),
);

/** A listed name with fewer letters is compared with whole words only: `pin` is not in "shipping". */
const LONG_NAME = 5;

/** Names that no other word begins with, except with these ends. */
const UNMISTAKABLE = ['password', 'passwd', 'passphrase'] as const;
const OTHER_ENDS: ReadonlySet<string> = new Set(['less', 'ed', 'ing']);

/** Longest run of words in a name that is compared with a listed name ("social-security-number"). */
const MAX_WORDS = 3;

/**
 * Number of names that are remembered as secret or not; a process has a few dozen. With the longest names they take
 * 1 MB.
 */
const REMEMBERED_NAMES = 2_000;

/**
 * Longest name that is checked and remembered, in characters: the size of the engine's column of variable names. A longer
 * name always counts as secret.
 */
const MAX_NAME_LENGTH = 255;

/** Decides by the name of a value whether it is a secret. */
export class SecretNames {
  private readonly names: ReadonlySet<string>;
  private readonly longNames: readonly string[];
  private readonly judged = new Map<string, boolean>();

  /**
   * @param names compared with the words of a name, without case, separators, a plural and digits at the end
   * @param exact further names, compared as they are
   */
  constructor(
    names: readonly string[] = DEFAULT_SECRET_NAMES,
    private readonly exact: ReadonlySet<string> = new Set(),
  ) {
    this.names = new Set(names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, '')));
    this.longNames = [...this.names].filter(({ length }) => length >= LONG_NAME);
  }

  has(name: string): boolean {
    if (name.length > MAX_NAME_LENGTH) return true;
    const known = this.judged.get(name);
    if (known !== undefined) return known;
    const secret = this.judge(name);
    // Clients choose names as well, so their number is limited.
    if (this.judged.size >= REMEMBERED_NAMES) this.judged.clear();
    this.judged.set(name, secret);
    return secret;
  }

  /** True for a listed name itself, without its separators: `apikey` of "Api Key". */
  isListed(name: string): boolean {
    const run = withoutDigits(name).toLowerCase();
    return this.names.has(run) || (run.endsWith('s') && this.names.has(run.slice(0, -1)));
  }

  private judge(name: string): boolean {
    if (this.exact.has(name)) return true;
    const words = wordsOf(name);
    if (words.length > 1 && FACTS.has(words.at(-1) ?? '')) return false;
    return words.some(
      (word, from) =>
        this.endsSecret(word) ||
        Array.from({ length: MAX_WORDS }, (_each, more) => words.slice(from, from + more + 1).join('')).some(
          (run) => this.isListed(run),
        ),
    );
  }

  /** A name in lower case has no visible words: `clientsecret`, `passwordhash`. */
  private endsSecret(word: string): boolean {
    if (this.longNames.some((listed) => word.endsWith(listed) || word.endsWith(`${listed}s`))) return true;
    return UNMISTAKABLE.some((begin) => {
      const rest = word.slice(begin.length);
      return word.startsWith(begin) && this.names.has(begin) && !FACTS.has(rest) && !OTHER_ENDS.has(rest);
    });
  }
}

/** The words of a name in lower case: of camelCase, snake_case, kebab-case, with acronyms, without digits at the end. */
function wordsOf(name: string): string[] {
  return name
    .replace(/OAuth/g, 'Oauth')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => withoutDigits(word).toLowerCase())
    .filter((word) => word !== '');
}

function withoutDigits(word: string): string {
  let end = word.length;
  while (end > 0 && isDigit(word.charCodeAt(end - 1))) end -= 1;
  return word.slice(0, end);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
