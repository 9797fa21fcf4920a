import { beforeEach, describe, expect, it } from '@jest/globals';
import { RestClient } from '../testing/rest.client.js';
import { INCIDENT, NOON_TEXT } from '../testing/records.js';

describe('incident', () => {
  let rest: RestClient;

  beforeEach(() => {
    rest = new RestClient();
  });

  const DTO = {
    id: 'I',
    processDefinitionId: 'order:3:u',
    processInstanceId: 'PI',
    executionId: 'E',
    incidentTimestamp: NOON_TEXT,
    incidentType: 'failedExternalTask',
    activityId: 'Charge',
    failedActivityId: 'Charge',
    causeIncidentId: 'I',
    rootCauseIncidentId: 'I',
    configuration: 'T',
    incidentMessage: 'timeout',
    tenantId: null,
    jobDefinitionId: null,
    annotation: null,
  };

  it('lists, counts and gets', async () => {
    rest.engine.answer('runtime.incidents.find', [INCIDENT]);
    rest.engine.answer('runtime.incidents.count', 2);
    rest.engine.answer('runtime.findIncident', INCIDENT);
    expect(await rest.answerOf('GET /incident?processInstanceId=PI')).toEqual([DTO]);
    expect(rest.query).toMatchObject({ processInstanceId: 'PI' });
    expect(await rest.answerOf('GET /incident/count')).toEqual({ count: 2 });
    expect(await rest.answerOf('GET /incident/I')).toEqual(DTO);
    rest.engine.answer('runtime.findIncident', null);
    expect((await rest.send('GET /incident/x')).status).toBe(404);
  });

  it('shows the job definition of a failed job', async () => {
    rest.engine.answer('runtime.findIncident', {
      ...INCIDENT,
      incidentType: 'failedJob',
      configuration: 'J',
    });
    expect(await rest.answerOf('GET /incident/I')).toMatchObject({ jobDefinitionId: 'Charge:order:3:u' });
  });
});
