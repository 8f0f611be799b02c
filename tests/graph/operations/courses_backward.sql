SELECT courses_1.code, (SELECT min(runs.starts_at) AS min_1 
FROM runs 
WHERE runs.course_id = courses_1.id AND runs.state IN ('OPEN_FOR_SALE', 'FULL') AND runs.starts_at > now()) AS anon_1 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED'
ORDER BY coalesce((SELECT min(runs.starts_at) AS min_1 
FROM runs 
WHERE runs.course_id = courses_1.id AND runs.state IN ('OPEN_FOR_SALE', 'FULL') AND runs.starts_at > now()), '9999-01-01 00:00:00+00:00') DESC, courses_1.id DESC 

LIMIT $1::INTEGER;
