// swc compiles TypeScript to CommonJS for jest.
const base = {
  testEnvironment: '<rootDir>/test/support/main-realm-environment.mjs',
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/', '/dist/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/', '<rootDir>/.build/', '<rootDir>/.serverless/'],
};

export default {
  projects: [
    { ...base, displayName: 'rules', testMatch: ['<rootDir>/test/rules/**/*.test.ts'] },
    {
      ...base,
      displayName: 'modelet',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/rules/'],
    },
  ],
  // Against hanging alone: a busy machine is no failure.
  testTimeout: 300_000,
};
