// `npm run sqs-server`: brings ElasticMQ, a queue server with real redelivery and dead-letter queues (Maven), and moto, which
// tells a queue of uploads in S3's own words (PyPI), into .cache/sqs-server. The tests start and stop them themselves.
// installed.txt is written last and names both, so that a half-finished install is never taken for a whole one.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run, works } from './run.js';

const elasticMq = '1.6.14';
const motoPackages = 'test/aws/moto-requirements.txt';
const folder = resolve('.cache/sqs-server');
const stampFile = join(folder, 'installed.txt');
const stamp = `elasticmq ${elasticMq}\n${readFileSync(motoPackages, 'utf8')}`;

/** Maven resolves and checks what the server needs in turn; each version stands in the pom of the one that needs it. */
const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>modelet</groupId>
  <artifactId>sqs-server</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.elasticmq</groupId>
      <artifactId>elasticmq-server_2.13</artifactId>
      <version>${elasticMq}</version>
    </dependency>
  </dependencies>
</project>
`;

/** Each tool, whether it starts, and the Debian package that has it. */
const tools: readonly (readonly [string, readonly string[], string])[] = [
  ['java', ['-version'], 'default-jre-headless'],
  ['mvn', ['--version'], 'maven'],
  ['python3', ['-c', 'import venv, ensurepip'], 'python3-venv'],
];

function install(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`sqs-server: ElasticMQ ${elasticMq} (about half a minute the first time)`);
  writeFileSync(join(folder, 'pom.xml'), pom);
  run('mvn', ['--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=elasticmq'], folder);
  console.log('sqs-server: moto, in a virtual environment');
  run('python3', ['-m', 'venv', join(folder, 'moto')]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  run(join(folder, 'moto/bin/python'), [...pip, '--requirement', resolve(motoPackages)]);
  writeFileSync(stampFile, stamp);
}

const missing = tools.filter(([tool, probe]) => !works(tool, probe));
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
  console.log(`sqs-server: already installed in ${folder}`);
} else if (missing.length > 0) {
  const names = missing.map(([tool]) => tool).join(', ');
  const packages = missing.map(([, , name]) => name).join(' ');
  console.error(`sqs-server: ${names} missing. On Debian or Ubuntu: apt-get install ${packages}`);
  process.exitCode = 1;
} else {
  try {
    install();
    console.log(`sqs-server: installed in ${folder}`);
  } catch (error) {
    console.error(`sqs-server: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
