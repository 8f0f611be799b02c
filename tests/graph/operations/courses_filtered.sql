SELECT
array((SELECT row(courses_1.code, courses_1.mode, courses_1.price, courses_1.hours, courses_1.price, courses_1.id) AS row_1 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.mode = ANY ($1::TEXT[]) AND courses_1.price <= $2::BIGINT AND (EXISTS (SELECT runs.id 
FROM runs 
WHERE runs.course_id = courses_1.id AND runs.state IN ('OPEN_FOR_SALE', 'FULL') AND runs.starts_at > now() AND runs.starts_at >= $3::TIMESTAMP WITH TIME ZONE AND runs.seats - runs.seats_taken >= $4::INTEGER AND (EXISTS (SELECT regions.id 
FROM regions 
WHERE regions.id = runs.region_id AND (regions.code = $5::VARCHAR OR starts_with(regions.code, concat(CAST($5::VARCHAR AS TEXT), '.')))))))
ORDER BY courses_1.price ASC, courses_1.id ASC 

LIMIT $6::INTEGER)) AS array_1, (SELECT count(*) AS count_1 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.mode = ANY ($1::TEXT[]) AND courses_1.price <= $2::BIGINT AND (EXISTS (SELECT runs.id 
FROM runs 
WHERE runs.course_id = courses_1.id AND runs.state IN ('OPEN_FOR_SALE', 'FULL') AND runs.starts_at > now() AND runs.starts_at >= $3::TIMESTAMP WITH TIME ZONE AND runs.seats - runs.seats_taken >= $4::INTEGER AND (EXISTS (SELECT regions.id 
FROM regions 
WHERE regions.id = runs.region_id AND (regions.code = $5::VARCHAR OR starts_with(regions.code, concat(CAST($5::VARCHAR AS TEXT), '.')))))))) AS anon_1;
