import { test } from 'node:test'
import { assertAnswer, testApp } from '../../app.ts'

const NO_BYTES = { gb_included: null, gb_usd: null }

function qc(id: string, name: string, perMinute: number, calls: number, features: string[] = []) {
  const limits = { per_second: null, per_minute: perMinute, included: { calls, per: 'month' } }
  return { id, name, monthly_usd: null, ...limits, call_usd: null, ...NO_BYTES, features }
}

function sourcing(id: string, name: string, monthlyUsd: string, perMinute: number, calls: number) {
  return { ...qc(id, name, perMinute, calls), monthly_usd: monthlyUsd }
}

function item(id: string, name: string, monthlyUsd: string, calls: number, gbIncluded: number) {
  const limits = { per_second: 2, per_minute: null, included: { calls, per: id === 'payg' ? 'month' : 'day' } }
  const bytes = { gb_included: gbIncluded, gb_usd: '0.20' }
  return { id, name, monthly_usd: monthlyUsd, ...limits, call_usd: '0.004', ...bytes, features: [] }
}

function risk(id: string, name: string, monthlyUsd: string, calls: number | null, callUsd: string) {
  const included = calls === null ? null : { calls, per: 'month' }
  const limits = { per_second: 2, per_minute: null, included }
  return { id, name, monthly_usd: monthlyUsd, ...limits, call_usd: callUsd, ...NO_BYTES, features: [] }
}

test('GET /pricing tells every plan and add-on without a key', async (t) => {
  const { app } = await testApp(t)
  assertAnswer(await app.inject({ url: '/api/v1/pricing' }), 200, {
    data: {
      qc: {
        plans: [
          qc('basic', 'Basic', 30, 1_000),
          qc('early_adopter', 'Early Adopter', 40, 3_000),
          qc('pro', 'Pro', 300, 25_000),
          qc('pro_plus', 'Pro+', 1_000, 500_000, ['batch_and_images']),
        ],
        add_ons: [],
      },
      sourcing: {
        plans: [
          sourcing('free', 'Free', '0.00', 5, 100),
          sourcing('hobby', 'Hobby', '30.00', 20, 1_000),
          sourcing('developer', 'Developer', '100.00', 250, 5_000),
        ],
        add_ons: [],
      },
      item: {
        plans: [
          item('payg', 'Pay as you go', '0.00', 10, 5),
          item('starter', 'Starter', '19.00', 1_000, 5),
          item('growth', 'Growth', '79.00', 5_000, 25),
          item('scale', 'Scale', '299.00', 25_000, 150),
        ],
        add_ons: [
          { id: 'high_speed', name: 'High Speed', monthly_usd: '15.00', per_second_more: 10, gb_more: 0 },
          { id: 'extra_bandwidth', name: 'Extra Bandwidth', monthly_usd: '8.00', per_second_more: 0, gb_more: 50 },
        ],
      },
      risk: {
        plans: [
          risk('payg', 'Pay as you go', '0.00', null, '0.03'),
          risk('risk_shield', 'Risk Shield', '19.00', 500, '0.02'),
          risk('risk_shield_pro', 'Risk Shield Pro', '49.00', 2_000, '0.015'),
        ],
        add_ons: [],
      },
      agent: {
        plans: [
          {
            id: 'default',
            name: 'Default',
            monthly_usd: '0.00',
            per_second: null,
            per_minute: 300,
            included: null,
            call_usd: null,
            ...NO_BYTES,
            features: [],
          },
        ],
        add_ons: [],
      },
    },
  })
})
