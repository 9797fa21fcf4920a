// The environment of Jest for a run with coverage. It changes nothing for the tests: it collects the coverage of V8 with one
// session for each worker.
//
// collect-v8-coverage turns the debugger and the profiler on and off again around each test file. Each time V8 then walks
// the whole heap and reports every script, which took longer than the tests themselves. One session that stays on
// returns the same counts: `takePreciseCoverage` sets them back to zero.
import { Session } from 'node:inspector/promises';
import { CoverageInstrumenter } from 'collect-v8-coverage';
import { TestEnvironment } from 'jest-environment-node';

let session = null;

CoverageInstrumenter.prototype.startInstrumenting = async function startInstrumenting() {
  if (session !== null) return;
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
};

CoverageInstrumenter.prototype.stopInstrumenting = async function stopInstrumenting() {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result;
};

export default TestEnvironment;
