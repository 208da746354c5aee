-- A product's reviews with their times, where its row had the last span of approval alone: orders of before go by what was said of then.

UPDATE allotment SET body = (
    (body::jsonb - 'approved_from' - 'approved_until' - 'reviewed_at') || jsonb_build_object('reviews', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('at', at, 'approved', approved) ORDER BY at::timestamptz), '[]')
          FROM (SELECT DISTINCT * FROM (VALUES
                   (body->>'approved_from', true),
                   (body->>'approved_until', false),
                   (body->>'reviewed_at', body->>'approved_from' IS NOT NULL AND body->>'approved_until' IS NULL)
               ) AS told (at, approved)) AS review
         WHERE at IS NOT NULL
    ))
)::json;
