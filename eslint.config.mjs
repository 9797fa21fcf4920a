import tseslint from 'typescript-eslint';

const ENVIRONMENT_IN_ONE_FILE = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'process.env is read in src/config/environment.ts only; inject a typed configuration group.',
};

/** What OutcomeWriter alone may do: write an outcome to a row, and end the waits for it. */
const OUTCOMES_IN_ONE_FILE = [
  'MemberExpression[property.name=/^(completeWait|failWait|insertFinished)$/]',
  "CallExpression[callee.property.name=/^(save|update)$/] Property[key.name='outcome']",
  "CallExpression[callee.property.name='save'][callee.object.property.name='store']",
].map((selector) => ({
  selector,
  message: 'Outcomes are written, and their waiters woken, by OutcomeWriter only.',
}));

export default tseslint.config(
  { ignores: ['dist/**', 'dist.last/**', 'coverage/**', 'data/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Nest's option types are classes that are meant to be given as literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Nest modules are empty classes that carry their meaning in a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', ENVIRONMENT_IN_ONE_FILE],
    },
  },
  {
    files: ['src/process/**/*.ts'],
    ignores: ['**/*.spec.ts', 'src/process/outcome/outcome.writer.ts'],
    rules: { 'no-restricted-syntax': ['error', ENVIRONMENT_IN_ONE_FILE, ...OUTCOMES_IN_ONE_FILE] },
  },
  {
    // Nest resolves constructor parameters through emitted metadata, which a type-only import erases.
    files: ['src/**/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: [
      'src/config/environment.ts',
      'src/embedded-engine/testing/property.runs.ts',
      'src/database/testing/database.target.ts',
      'test/**/*.ts',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', '**/testing/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
