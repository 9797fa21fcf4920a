import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DockerfileRun, parseDockerfile } from '../../scripts/lib/dockerfile.mjs';
import { changedPaths, setWritable, stateOf } from '../../scripts/lib/folder-state.mjs';

/** The instructions that change no file. */
const SETTINGS = ['ARG', 'FROM', 'LABEL', 'STOPSIGNAL', 'USER', 'CMD'];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The stages of the Dockerfile after its settings. */
function stagesWith(buildArgs: Record<string, string>): DockerfileRun {
  const run = new DockerfileRun('.', folder, null, buildArgs);
  for (const each of parseDockerfile('Dockerfile')) if (SETTINGS.includes(each.name)) run.step(each);
  return run;
}

describe('the Dockerfile', () => {
  it('takes both bases by digest', () => {
    const [build, base] = ['a', 'b'].map((digit) => `node:24-bookworm@sha256:${digit.repeat(64)}`);
    const run = stagesWith({ NODE_BUILD_IMAGE: build ?? '', NODE_IMAGE: base ?? '' });
    expect([...run.stages.values()].map(({ image }) => image)).toEqual([build, base]);
    expect(run.stage.labels).toMatchObject({ 'org.opencontainers.image.base.name': base });
  });

  it('names the version and the revision of a build in its labels', () => {
    const { labels } = stagesWith({ VERSION: '9.9.9', REVISION: 'abc' }).stage;
    expect(labels).toMatchObject({
      'org.opencontainers.image.version': '9.9.9',
      'org.opencontainers.image.revision': 'abc',
    });
  });

  it('stops with SIGTERM, which reaches the service without a shell or npm', () => {
    const { stopsignal, command } = stagesWith({}).stage;
    expect([stopsignal, command?.[0]]).toEqual(['SIGTERM', 'node']);
  });

  it('is refused with an argument that is not declared', () => {
    const run = new DockerfileRun('.', folder, null);
    expect(() => {
      run.step({ name: 'FROM', rest: '${BASE}' });
    }).toThrow('ARG BASE is not declared here');
  });
});

describe('the state of a folder', () => {
  beforeEach(() => {
    mkdirSync(join(folder, 'data'));
    for (const path of ['same', 'changed', 'removed', 'data/own']) writeFileSync(join(folder, path), 'old');
  });

  const isData = (path: string): boolean => path === join(folder, 'data');

  it('shows what was added, changed and removed, except in folders that are left out', () => {
    const before = stateOf(folder, isData);
    for (const path of ['added', 'changed', 'data/own']) writeFileSync(join(folder, path), 'other');
    rmSync(join(folder, 'removed'));
    expect(changedPaths(before, stateOf(folder, isData))).toEqual(['added', 'changed', 'removed']);
  });

  it('is read-only for its owner until the rights are given back', () => {
    const mode = (path: string): number => statSync(join(folder, path)).mode & 0o222;
    setWritable(folder, false, isData);
    expect([mode('.'), mode('same')]).toEqual([0, 0]);
    expect(mode('data/own')).not.toBe(0);
    setWritable(folder, true, isData);
    expect([mode('.'), mode('same')]).toEqual([0o200, 0o200]);
  });
});
